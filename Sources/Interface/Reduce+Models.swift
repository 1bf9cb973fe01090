import Foundation
import Rearview
import RearviewText

// The model menu and the form with a model's parameters.

extension State {
  mutating func openModelMenu() -> [Effect] {
    overlays.append(.models(ModelMenu(index: models, marks: marks, current: session.model, isLoading: true)))
    return [.loadModels]
  }

  mutating func take(_ models: ModelIndex, isComplete: Bool) {
    self.models = models
    for index in overlays.indices {
      if case .models(var menu) = overlays[index] {
        menu.take(models, isComplete: isComplete)
        overlays[index] = .models(menu)
      }
    }
  }

  /// Changes the model menu, if it is what has the keyboard.
  mutating func changeModelMenu(_ change: (inout ModelMenu) -> Void) {
    guard case .models(var menu) = overlays.last else { return }
    change(&menu)
    overlays[overlays.count - 1] = .models(menu)
  }

  mutating func typeInModels(_ press: KeyPress) -> [Effect] {
    guard case .models(let menu) = overlays.last else { return [] }
    let page = ModelMenuView.listRows(in: size)
    let steps: [KeyPress: Int] = [
      KeyPress(.up): -1, KeyPress(.down): 1, KeyPress(.pageUp): -page, KeyPress(.pageDown): page,
    ]
    if menu.showsDetails, let rows = steps[press] {
      let most = ModelMenuView(menu: menu, now: now).mostScroll(in: size)
      changeModelMenu { $0.detailScroll = min(max(0, $0.detailScroll + rows), most) }
      return []
    }
    switch press {
    case KeyPress(.enter):
      guard let name = menu.selectedName else { return [] }
      overlays.removeLast()
      return [.useModel(name)]
    case KeyPress(.up), KeyPress(.character("k"), .control), KeyPress(.character("p"), .control):
      changeModelMenu { $0.move(by: -1) }
    case KeyPress(.down), KeyPress(.character("j"), .control), KeyPress(.character("n"), .control):
      changeModelMenu { $0.move(by: 1) }
    case KeyPress(.pageUp): changeModelMenu { $0.move(by: -page) }
    case KeyPress(.pageDown): changeModelMenu { $0.move(by: page) }
    default: changeModelMenu { menu in menu.edit { $0.type(press) } }
    }
    return []
  }

  mutating func markFavourite() -> [Effect] {
    guard case .models(let menu) = overlays.last, let name = menu.selectedName else { return [] }
    let isFavourite = !menu.isFavourite(name)
    marks.setFavourite(name, isFavourite)
    changeModelMenu { $0.setFavourite(name, isFavourite) }
    return [.setFavourite(name, isFavourite)]
  }

  // MARK: Form

  mutating func openSelectedOptions() -> [Effect] {
    guard case .models(let menu) = overlays.last, let name = menu.selectedName else { return [] }
    return [.loadOptions(model: name)]
  }

  mutating func take(options result: Result<[ModelParameters.Value], Failure>, of model: String) {
    switch result {
    case .success(let values):
      let form = ModelForm(model: model, values: values)
      let draft = formDraft.flatMap { draft in
        draft.model == model && draft.fields.map(\.before) == form.fields.map(\.before) ? draft : nil
      }
      overlays.append(.options(draft ?? form))
    case .failure(let failure): say(DisplayText(line: failure.text), isError: true)
    }
  }

  mutating func changeOptions(_ change: (inout ModelForm) -> Void) {
    guard case .options(var form) = overlays.last else { return }
    change(&form)
    overlays[overlays.count - 1] = .options(form)
  }

  mutating func typeInOptions(_ press: KeyPress) {
    let width = ModelFormView.textColumns(in: size)
    changeOptions { form in
      let isLong = form.fields[form.selection].isLong
      switch press {
      case KeyPress(.tab): form.move(by: 1)
      case KeyPress(.tab, .shift): form.move(by: -1)
      case KeyPress(.up):
        if !isLong || !form.fields[form.selection].text.moveVertically(by: -1, width: width) { form.move(by: -1) }
      case KeyPress(.down):
        if !isLong || !form.fields[form.selection].text.moveVertically(by: 1, width: width) { form.move(by: 1) }
      case KeyPress(.enter):
        if isLong { form.edit { $0.insert("\n") } } else { form.move(by: 1) }
      default: form.edit { $0.type(press) }
      }
    }
  }

  mutating func saveOptions() -> [Effect] {
    guard case .options(let form) = overlays.last, !form.isSaving else { return [] }
    guard let changes = form.changes else {
      changeOptions { form in
        form.selection = form.fields.firstIndex { form.problem(of: $0) != nil } ?? form.selection
      }
      return []
    }
    guard !changes.isEmpty else {
      overlays.removeLast()
      say("Nothing changed")
      return []
    }
    changeOptions { $0.isSaving = true }
    return [.saveOptions(model: form.model, changes)]
  }

  mutating func take(saved result: Result<String?, Failure>, of model: String) {
    let place = overlays.lastIndex { overlay in
      if case .options(let form) = overlay { return form.model == model }
      return false
    }
    switch result {
    case .success(let overruled):
      formDraft = nil
      if let place { overlays.remove(at: place) }
      let rest: DisplayText = overruled.map { "; " + DisplayText(line: $0) + " still overrules it" } ?? ""
      say("Options of " + DisplayText(line: model) + " saved" + rest, isDone: overruled == nil)
    case .failure(let failure):
      guard let place, case .options(var form) = overlays[place] else {
        return say(DisplayText(line: failure.text), isError: true)
      }
      form.isSaving = false
      form.failure = DisplayText(line: failure.text)
      overlays[place] = .options(form)
    }
  }
}
