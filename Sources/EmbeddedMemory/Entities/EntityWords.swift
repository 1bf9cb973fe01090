/// Words that decide whether a capital letter makes a name.
enum EntityWords {
  private static func set(_ text: String) -> Set<String> {
    Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  /// Words with which sentences begin, greetings, answers, and what one shouts: never a name by themselves.
  static let common: Set<String> = stopWords.union(
    set(
      """
      absolutely actually add additionally ago alright although amazing among another anyone anything anyway
      apparently ask awesome bad based basically become bye call called can cheers check come congrats congratulations
      consider could create currently dear definitely despite done dude either email error especially even
      eventually every everybody everyone everything exactly example excellent except fantastic fine finally find first
      fix fixed followed following fortunately found fun funny generally give given glad go god goes going good
      goodbye gosh got great greetings guess guys haha happy hard hate he hehe help hence hey hmm hope hopefully however
      huh i i'd i'll i'm i've idea imagine impressive indeed initially inside instead interesting it item keep kind
      last lately later learn least less lets likely listen literally lol long look looking looks lot love lucky
      made make makes many maybe mean meanwhile meet mine miss moreover morning most mostly much must nah
      name near nearly never nevertheless new next nice nobody none nope normally note nothing obviously
      often ok okay old omg one ones onto open oops option ouch overall part perfect perhaps pick play
      plus point possibly pretty previously probably problem question rather read ready really recently
      regarding related remember right run sad said same saw see seems seen send set several shall
      show similarly simply since so some somebody someone something sometimes somewhere soon sorry sort sounds
      specifically start started step still stop strange stuff summary super sure surely take talk
      tell that there therefore thing things think though thought three thus till title together
      tonight took totally true try turns two typically ugh understood unfortunately unless unlike unlikely update
      use used user using usually via wait wanna want warning was watch way welcome well went what whatever
      whenever whereas wherever whether whoever whole why wish within without woah wonderful work
      buy mail phone visit meeting bring works worse wow write wrong yay yea yeah yep yesterday yet yo yup zero assistant system human agent
      ai ii iii iv fyi btw asap todo faq tbd tba wip afaik imho imo rip am pm ps
      the a an and or but if then else of to in on at by for with from as is are be been being
      i'm he's she's it's we're they're you're that's there's let's what's who's where's
      english french german spanish italian american british european
      """))

  /// The same for German, French and Spanish.
  static let foreignCommon: Set<String> = set(
    """
    der die das den dem des ein eine einen einem einer eines und oder aber wenn weil dass daß ich du er sie es wir ihr
    mein meine meinen meinem meiner dein deine sein seine unser unsere euer eure kein keine nicht ja nein hallo danke
    bitte guten gute was wer wie wo wann warum welche welcher welches ist sind war waren hat habe haben hatte hatten
    wird werden kann können muss müssen soll will mit ohne für von vom zu zum zur im in am an auf aus bei beim nach
    seit vor über unter zwischen durch gegen um bis auch noch schon nur sehr so dann da hier dort heute gestern
    morgen jetzt immer nie mal doch also als ob man mich mir dich dir ihn ihm ihnen uns euch dieser diese dieses jeder
    jede jedes alle alles viel viele wenig mehr etwas nichts jemand niemand letzte letzten nächste nächsten
    le la les un une des du de et ou mais si je tu il elle on nous vous ils elles mon ma mes ton ta tes son sa ses notre
    votre leur ce cet cette ces oui non bonjour merci salut quand où comment pourquoi que qui quoi quel quelle est sont
    était avec sans pour dans sur sous par chez en au aux depuis après avant hier demain aujourd'hui
    el la los las un una unos unas y o pero si yo tú él ella nosotros ellos mi mis tu tus su sus nuestro nuestra sí no
    hola gracias cuando donde dónde cómo qué quién por para con sin en de del al es son era fue está están ayer hoy
    mañana este esta estos estas ese esa
    """)

  /// What is no name by itself, but the beginning of many: "New York", "Las Vegas".
  static let nameBeginnings: Set<String> = set(
    """
    new old great little big real grand long best good north south east west los las el la le les san santa
    """)

  static let daysAndMonths: Set<String> = set(
    """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thurs fri sat sun
    january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec spring summer autumn fall winter
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag
    januar februar märz april mai juni juli august september oktober november dezember frühling sommer herbst winter
    """)

  /// Words in lower case within names. A name never begins or ends with one.
  static let particles: Set<String> = set(
    "van von der den de la le du del della di da dos das do of the y bin ibn al el ter ten zu zur & für")

  static let honorifics: Set<String> = set(
    "mr mrs ms miss dr prof professor sir herr herrn frau madame monsieur mme señor señora don doña sr sra")

  /// What a stop behind it does not end a sentence.
  static let abbreviations: Set<String> = honorifics.union(
    set("st vs etc inc ltd co corp jr no nr bzw ca z.b usw e.g i.e ph.d m.d u.s u.k fig vol ed"))

  /// What comes before a noun in German.
  static let germanDeterminers: Set<String> = set(
    """
    der die das den dem des ein eine einen einem einer eines mein meine meinen meinem meiner meines dein deine deinen
    sein seine seinen seinem ihr ihre ihren ihrem unser unsere unseren unserem kein keine keinen keinem keiner dieser
    diese diesen diesem dieses jeder jede jeden jedem jedes im am zum zur beim vom ins ans aufs welche welcher viel
    viele vielen wenig wenige mehr alle allen etwas nächste nächsten letzte letzten neue neuen neuer neues gute guten
    guter gutes alte alten große großen kleine kleinen erste ersten zweite zweiten pro kein
    """)

  /// German words that tell a German sentence.
  static let germanMarkers: Set<String> = set(
    """
    der die das und ist nicht ich ein eine einen mit auf für den dem zu im wir sie es war habe hat haben wird werden
    auch aber dass von am zum zur mein meine wie wenn noch schon bei nach aus über wurde sind heute gestern morgen
    """)

  /// German nouns that stand without an article.
  static let germanNouns: Set<String> = set(
    """
    zeit jahr jahre jahren tag tage tagen woche wochen monat monate monaten uhr stunde stunden minute minuten geld hunger
    durst angst lust spaß freunde freunden leute leuten kinder kindern menschen arbeit schule haus hause wasser kaffee
    tee bier wein brot fleisch gemüse obst musik sport fußball urlaub ferien weihnachten ostern geburtstag hilfe ruhe
    glück pech recht ende anfang mitte problem probleme frage fragen antwort idee ideen dinge sachen teil art ort
    stadt land welt leben liebe tod krieg frieden auto bus zug fahrrad computer internet handy programm
    programme code fehler daten datei dateien bilder bild buch bücher film filme vater mutter eltern
    bruder schwester sohn tochter mann frau herr frauen männer hund katze tiere essen trinken abend morgen mittag
    nacht regen schnee sonne wetter kopf hand hände augen herz rock klavier gitarre deutsch englisch französisch
    """)

  /// Endings of German nouns that are no names.
  static let germanEndings = [
    "ung", "ungen", "heit", "heiten", "keit", "keiten", "schaft", "schaften", "tion", "tionen", "tät", "täten", "nis",
    "nisse", "ismus", "chen", "lein", "ling", "linge",
  ]

  /// Not who somebody is, but what: "I am German".
  static let qualities: Set<String> = set(
    """
    german french spanish italian english american british canadian australian chinese japanese korean indian russian
    polish dutch swedish danish norwegian finnish irish scottish welsh swiss austrian european african asian turkish
    greek portuguese brazilian mexican catholic protestant christian muslim jewish buddhist hindu vegan
    vegetarian deutsch deutscher deutsche österreicher schweizer
    """)

  static let people: Set<String> = set(
    """
    sister brother mother father mom mum mama dad papa wife husband partner girlfriend boyfriend fiancé fiancée son
    daughter child kid baby aunt uncle cousin niece nephew grandmother grandfather grandma grandpa granny friend
    buddy colleague coworker boss manager neighbour neighbor teacher doctor therapist dentist roommate flatmate
    landlord landlady mentor student godmother godfather stepmother stepfather stepson stepdaughter twin ex
    schwester bruder mutter vater frau mann freundin freund sohn tochter tante onkel cousine nichte neffe oma opa chef
    chefin kollege kollegin nachbar nachbarin lehrer lehrerin partnerin mitbewohner mitbewohnerin
    sœur soeur frère mère père femme mari copain copine fils fille ami amie voisin voisine collègue
    hermana hermano madre padre esposa esposo marido mujer novia novio hijo hija amigo amiga tía tío prima primo jefe
    """)

  static let animals: Set<String> = set(
    """
    dog cat puppy kitten horse pony rabbit bunny hamster parrot bird fish goldfish turtle tortoise snake lizard pig
    ferret budgie hund hündin katze kater pferd hase kaninchen vogel papagei chien chienne chat chatte cheval lapin perro
    perra gato gata caballo conejo
    """)

  static let possessives: Set<String> = set(
    "my our mein meine meinen meinem meiner unser unsere unseren ma mon notre mi nuestra nuestro")
  static let articles: Set<String> = set("a an the ein eine einen einem einer un une una el la le")
  static let adjectives: Set<String> = set(
    """
    best older elder younger little big twin old late new dear good close baby beloved first beste bester besten kleine
    kleiner große großer ältere älterer jüngere jüngerer alte alter petite petit grande grand meilleur meilleure mejor
    """)
  static let copulas: Set<String> = set("is was are ist war heißt heisst est es")
  static let naming: Set<String> = set("called named heißt heisst namens genannt llamado llamada nommé nommée appelé")

  /// Endings of names of files.
  static let fileEndings: Set<String> = set(
    """
    swift c h cpp hpp cc m mm py js ts tsx jsx rs go java kt rb php sh bash zsh fish pl lua sql json yaml yml toml
    xml html css scss md txt csv tsv pdf doc docx xls xlsx ppt pptx png jpg jpeg gif svg webp mp3 mp4 mov wav zip tar gz
    bz2 xz log conf cfg ini env lock sqlite db plist gradle ipynb tex bib
    """)
  static let domains: Set<String> = set(
    "com org net io dev ai app de fr uk eu ch at us co edu gov info es it nl se jp cn in ca au me tv gg xyz")

  /// Before a colon at the beginning of a line, what is no speaker.
  static let labels: Set<String> = set(
    """
    note warning error example question answer todo re fwd subject user assistant system human ai date time from to cc
    summary title task hint tip update edit ps problem solution result results output input step info important q a
    hinweis achtung fehler beispiel frage antwort aufgabe http https
    """)
}
