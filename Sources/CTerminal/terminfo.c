#include "curses_includes.h"

#include <string.h>
#include <unistd.h>

#include "CTerminal.h"

// Last: it makes macros of words like `lines` and `columns`.
#include <term.h>

static bool has_flag(const char *name) { return tigetflag((char *)name) > 0; }

/// Terminal descriptions spell `RGB` as a flag, a number or a string.
static bool has_capability(const char *name) {
  const char *text = tigetstr((char *)name);
  return has_flag(name) || tigetnum((char *)name) > 0 || (text != NULL && text != (char *)-1);
}

ct_entry ct_lookup_entry(const char *term) {
  ct_entry entry = {0};
  TERMINAL *kept = cur_term;
  int status = 0;
  if (setupterm((char *)term, STDOUT_FILENO, &status) != OK) {
    // Status 1 with an error means a hard copy terminal: the entry is there, and no use to us.
    entry.exists = status == 1;
    set_curterm(kept);
    return entry;
  }
  const char *address = tigetstr("cup");
  entry.exists = true;
  entry.can_draw = address != NULL && address != (char *)-1 && !has_flag("gn") && !has_flag("hc");
  entry.direct_color = has_capability("RGB");
  entry.xterm_titles = has_flag("XT");
  int colors = tigetnum("colors");
  entry.colors = colors > 0 ? colors : 0;
  TERMINAL *ours = set_curterm(kept);
  del_curterm(ours);
  return entry;
}

/// Colours of both kinds on one screen: below 256 the terminal's palette, from 256 on red, green and blue, with
/// semicolons.
///
/// The `-direct` entries know only the first eight of the palette, and most write RGB with colons (ITU T.416), which
/// fewer terminals read than the semicolons that all of them learned first. The text is no longer than theirs: `%Pa`
/// keeps the value without its blue, and `%'\377'` is 255.
#define MIXED_COLORS(code)                                                                                             \
  "\033[%p1%{256}%/%Pa%?%ga%t" code ";2;%ga%{256}%/%d;%ga%'\377'%&%d;%p1%'\377'%&%d%e" code ";5;%p1%d%;m"

/// Curses has no way to change an entry but the memory that `tigetstr` hands out, which belongs to this screen's copy.
static bool replace_capability(const char *name, const char *text) {
  char *kept = tigetstr((char *)name);
  if (kept == NULL || kept == (char *)-1 || strlen(kept) < strlen(text)) return false;
  memcpy(kept, text, strlen(text) + 1);
  return true;
}

bool ct_use_mixed_colors(void) {
  if (cur_term == NULL || !has_capability("RGB")) return false;
  return replace_capability("setaf", MIXED_COLORS("38")) && replace_capability("setab", MIXED_COLORS("48"));
}

size_t ct_capability(const char *name, uint8_t *bytes, size_t capacity) {
  if (cur_term == NULL) return 0;
  const char *text = tigetstr((char *)name);
  if (text == NULL || text == (char *)-1) return 0;
  size_t count = 0;
  while (*text != '\0' && count < capacity) {
    const char *padding_end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;
    if (padding_end != NULL) {
      text = padding_end + 1;
    } else {
      bytes[count++] = (uint8_t)*text++;
    }
  }
  return count;
}
