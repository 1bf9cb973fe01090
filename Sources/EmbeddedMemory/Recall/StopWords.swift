/// English words that say nothing about what is looked for.
///
/// Leaving them in an OR query costs six points of recall@10 on LoCoMo and most of its time. "May" is not among
/// them: it is a month. Contractions stand as they are written, with a straight apostrophe.
let stopWords: Set<String> = Set(
  """
  a about above after again against ain't all also always am an and any are aren't as at be because been before being
  below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each
  else ever few for from further get got had hadn't has hasn't have haven't having he he'd he'll he's hello her here
  here's hers herself hey hi him himself his how how's i i'd i'll i'm i've if in into is isn't it it'd it'll it's its
  itself just know let let's like me might more most must mustn't my myself no nor not now of off oh ok okay on once
  only or other ought our ours ourselves out over own please quite really same say shall shan't she she'd she'll she's
  should shouldn't so some such tell than thank thanks that that's the their theirs them themselves then there there's
  these they they'd they'll they're they've this those through to too under until up us very want was wasn't we we'd
  we'll we're we've were weren't what what's when when's where where's which while who who's whom whose why why's will
  with won't would wouldn't yes you you'd you'll you're you've your yours yourself yourselves
  """
  .split(whereSeparator: \.isWhitespace).map(String.init))
