extension TokenEstimateTests {
  /// Sentences of ours, each with its count by the o200k_base vocabulary.
  static let samples: [Sample] = [
    Sample(
      kind: "English prose",
      text: "My dog is called Biscuit and she is afraid of thunder. We moved to Lisbon in March, "
        + "because the rent was lower and the sea is close. I usually work until five, and then "
        + "walk along the river before dinner.",
      tokens: 46),
    Sample(
      kind: "A question",
      text: "What is the capital of the UK? Answer in one short sentence.",
      tokens: 14),
    Sample(
      kind: "Markdown",
      text: "## Plan\n\n1. **Measure** the current state.\n2. Change *one* thing.\n3. Measure "
        + "again.\n\n| step | time |\n| --- | --- |\n| build | 12 s |\n| test | 34 s |\n",
      tokens: 49),
    Sample(
      kind: "Swift",
      text: "func add(_ left: Int, _ right: Int) -> Int {\n  guard left > 0 else { return right }\n  "
        + "let sum = left + right\n  return sum\n}\n\nlet total = values.reduce(0) { add($0, $1) "
        + "}\n",
      tokens: 56),
    Sample(
      kind: "Python",
      text: "def read_lines(path):\n    with open(path, encoding=\"utf-8\") as file:\n        return "
        + "[line.rstrip() for line in file if line.strip()]\n\nfor name in sorted(names):\n    "
        + "print(f\"{name}: {len(read_lines(name))}\")\n",
      tokens: 53),
    Sample(
      kind: "JSON",
      text: "{\"id\": 1234, \"name\": \"Biscuit\", \"tags\": [\"dog\", \"pet\"], \"weight\": 12.5, "
        + "\"vaccinated\": true, \"owner\": null}",
      tokens: 43),
    Sample(
      kind: "Numbers",
      text: "Invoice 2026-03-12: 1250.00 EUR, due 2026-04-11, account 4711 0815 1234.",
      tokens: 36),
    Sample(
      kind: "German",
      text: "Mein Hund heißt Biscuit und hat Angst vor Gewitter. Gestern haben wir im Park einen "
        + "langen Spaziergang gemacht, weil das Wetter endlich wieder schön war.",
      tokens: 32),
    Sample(
      kind: "French",
      text: "Mon chien s'appelle Biscuit et il a peur du tonnerre. Hier nous avons fait une longue "
        + "promenade dans le parc, car il faisait enfin beau.",
      tokens: 32),
    Sample(
      kind: "Spanish",
      text: "Mi perro se llama Biscuit y tiene miedo de los truenos. Ayer dimos un largo paseo por el "
        + "parque porque por fin hacía buen tiempo.",
      tokens: 32),
    Sample(
      kind: "Russian",
      text: "Мою собаку зовут Бисквит, и она боится грозы. "
        + "Вчера мы долго гуляли в парке, потому что "
        + "наконец была хорошая погода.",
      tokens: 37),
    Sample(
      kind: "Japanese",
      text: ""
        + "日本語の文章を処理するとき、トークンの数は文字数とだいたい同じか、少し少なくなります。今日は天気が良いので、公園へ散歩に行きました。",
      tokens: 50),
    Sample(
      kind: "Chinese",
      text: ""
        + "今天天气很好，我们去公园散步。我的狗叫饼干，它害怕打雷。人工智能模型会把文本分成很多小块，称为标记。",
      tokens: 40),
    Sample(
      kind: "Korean",
      text: "오늘은 날씨가 좋아서 공원에 산책하러 갔습니다. 제 강아지의 "
        + "이름은 비스킷이고 천둥을 무서워합니다.",
      tokens: 39),
    Sample(
      kind: "Arabic",
      text: "كلبي اسمه بسكويت وهو يخاف من الرعد. ذهبنا أمس في "
        + "نزهة طويلة في الحديقة لأن الطقس كان جميلا أخيرا.",
      tokens: 35),
    Sample(
      kind: "Hindi",
      text: "मेरे कुत्ते का नाम बिस्किट है और "
        + "वह गरज से डरता है। कल हम पार्क में "
        + "लंबी सैर पर गए।",
      tokens: 33),
  ]
}
