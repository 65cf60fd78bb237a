/**
 * Names, places and number shapes per country. `name:slug` gives the Latin spelling used in an e-mail
 * address where the name itself is not Latin; `#` in a pattern stands for one digit.
 */
export interface Locale {
  readonly country: string;
  /** Share of all people, in parts of 100. */
  readonly weight: number;
  readonly first: readonly string[];
  readonly last: readonly string[];
  readonly streets: readonly string[];
  /** `true` where the house number stands before the street. */
  readonly numberFirst: boolean;
  /** City and the shape of its postal code. */
  readonly cities: readonly (readonly [city: string, postalCode: string])[];
  readonly phone: string;
}

const list = (text: string): readonly string[] => text.split("|");

export const LOCALES: readonly Locale[] = [
  {
    country: "US",
    weight: 30,
    first: list(
      "Olivia|Liam|Emma|Noah|Ava|James|Sophia|Lucas|Mia|Henry|Isabella|Ethan|Amelia|Mason|Harper|Logan|Evelyn|Jack|Abigail|Wyatt|Ella|Owen|Grace|Caleb",
    ),
    last: list(
      "Smith|Johnson|Williams|Brown|Jones|Garcia|Miller|Davis|Rodriguez|Martinez|Anderson|Taylor|Thomas|Moore|Jackson|O'Neill|Lee|Perez|Thompson|White|Harris|Clark|Lewis|Walker",
    ),
    streets: list(
      "Maple Street|Oak Avenue|Cedar Lane|Washington Boulevard|Sunset Drive|2nd Street|Park Place|Hill Road",
    ),
    numberFirst: true,
    cities: [
      ["Austin", "787##"],
      ["Chicago", "606##"],
      ["Seattle", "981##"],
      ["Denver", "802##"],
      ["Boston", "021##"],
      ["Portland", "972##"],
      ["Atlanta", "303##"],
    ],
    phone: "+1 (5##) 555-01##",
  },
  {
    country: "GB",
    weight: 14,
    first: list("Oliver|Amelia|George|Isla|Harry|Freya|Arthur|Poppy|Muhammad|Florence|Leo|Ivy|Oscar|Aisha|Alfie|Siân"),
    last: list(
      "Evans|Hughes|Patel|Wright|Khan|Robinson|Wood|Hall|Green|Begum|Clarke|Edwards|MacDonald|Price|Shaw|Okafor",
    ),
    streets: list("High Street|Station Road|Church Lane|Victoria Road|Mill Lane|The Crescent"),
    numberFirst: true,
    cities: [
      ["London", "SE# #QT"],
      ["Leeds", "LS# #AB"],
      ["Bristol", "BS# #DF"],
      ["Cardiff", "CF## #HL"],
      ["Glasgow", "G# #XA"],
    ],
    phone: "+44 7700 900###",
  },
  {
    country: "DE",
    weight: 13,
    first: list("Anna|Lukas|Jürgen|Käthe|Finn|Mia|Jonas|Lena|Björn|Sophie|Günther|Emilia|Paul|Hannah|Leon|Zoë"),
    last: list(
      "Müller|Schmidt|Schneider|Fischer|Weiß|Wagner|Becker|Groß|Schäfer|Koch|Bauer|Köhler|Yılmaz|Lange|Krüger|von der Heide",
    ),
    streets: list("Hauptstraße|Bahnhofstraße|Gartenweg|Lindenallee|Schulstraße|Am Mühlbach"),
    numberFirst: false,
    cities: [
      ["Berlin", "10###"],
      ["München", "80###"],
      ["Köln", "50###"],
      ["Hamburg", "20###"],
      ["Düsseldorf", "40###"],
    ],
    phone: "+49 151 ### ####",
  },
  {
    country: "FR",
    weight: 10,
    first: list("Chloé|Léa|Hugo|Jules|Inès|Zoé|Raphaël|Élodie|François|Manon|Théo|Anaïs|Noémie|Gaël"),
    last: list("Martin|Bernard|Dubois|Lefèvre|Moreau|Laurent|Garçon|D'Amboise|Benoît|Rousseau|N'Diaye|Faure"),
    streets: list("rue de l'Église|avenue Victor-Hugo|boulevard Saint-Michel|rue des Écoles|place de la République"),
    numberFirst: true,
    cities: [
      ["Paris", "750##"],
      ["Lyon", "690##"],
      ["Nîmes", "300##"],
      ["Besançon", "250##"],
    ],
    phone: "+33 6 ## ## ## ##",
  },
  {
    country: "ES",
    weight: 7,
    first: list("Lucía|Martín|Sofía|Íñigo|Paula|José|Begoña|Álvaro|Nuria|Andrés|Xènia|Iker"),
    last: list("García|Muñoz|Fernández|Ibáñez|López|Núñez|Sánchez|Peña|Pérez|Gómez|Etxeberria|Ruiz"),
    streets: list("Calle Mayor|Avenida de la Constitución|Paseo de Gracia|Calle del Sol|Plaza España"),
    numberFirst: false,
    cities: [
      ["Madrid", "280##"],
      ["Sevilla", "410##"],
      ["A Coruña", "150##"],
      ["Cádiz", "110##"],
    ],
    phone: "+34 6## ### ###",
  },
  {
    country: "SE",
    weight: 5,
    first: list("Åsa|Erik|Märta|Göran|Linnéa|Björn|Elsa|Nils|Saga|Östen"),
    last: list("Andersson|Sjöberg|Åkesson|Lindström|Bergström|Öberg|Nyström|Holm"),
    streets: list("Storgatan|Björkvägen|Kungsgatan|Ängsvägen"),
    numberFirst: false,
    cities: [
      ["Stockholm", "11# ##"],
      ["Göteborg", "41# ##"],
      ["Malmö", "21# ##"],
      ["Örebro", "70# ##"],
    ],
    phone: "+46 70 ### ## ##",
  },
  {
    country: "PL",
    weight: 6,
    first: list("Zofia|Łukasz|Małgorzata|Paweł|Agnieszka|Michał|Świętosława|Kacper|Bożena|Stanisław"),
    last: list("Nowak|Wójcik|Kowalczyk|Szymański|Dąbrowski|Jabłoński|Żak|Grabowska|Król|Wiśniewska"),
    streets: list("ulica Długa|ulica Polna|aleja Jana Pawła II|ulica Źródlana"),
    numberFirst: false,
    cities: [
      ["Warszawa", "00-###"],
      ["Kraków", "30-###"],
      ["Łódź", "90-###"],
      ["Poznań", "60-###"],
    ],
    phone: "+48 5## ### ###",
  },
  {
    country: "GR",
    weight: 3,
    first: list("Ελένη:eleni|Γιώργος:giorgos|Μαρία:maria|Νίκος:nikos|Αικατερίνη:aikaterini|Δημήτρης:dimitris"),
    last: list("Παπαδόπουλος:papadopoulos|Γεωργίου:georgiou|Νικολάου:nikolaou|Ιωάννου:ioannou|Βλάχος:vlachos"),
    streets: list("Ερμού|Πατησίων|Λεωφόρος Συγγρού"),
    numberFirst: false,
    cities: [
      ["Αθήνα", "10# ##"],
      ["Θεσσαλονίκη", "54# ##"],
      ["Πάτρα", "26# ##"],
    ],
    phone: "+30 69# ### ####",
  },
  {
    country: "JP",
    weight: 6,
    first: list("さくら:sakura|陽翔:haruto|葵:aoi|蓮:ren|結衣:yui|大翔:hiroto|美咲:misaki|健太:kenta"),
    // 𠮷 lies outside the basic plane: four bytes in UTF-8, two units in JavaScript.
    last: list(
      "佐藤:sato|鈴木:suzuki|高橋:takahashi|𠮷田:yoshida|渡辺:watanabe|髙木:takagi|山本:yamamoto|中村:nakamura",
    ),
    streets: list("桜通り|本町|中央|青葉台"),
    numberFirst: false,
    cities: [
      ["東京", "10#-00##"],
      ["大阪", "53#-00##"],
      ["札幌", "06#-00##"],
      ["福岡", "81#-00##"],
    ],
    phone: "+81 90-####-####",
  },
  {
    country: "IN",
    weight: 6,
    first: list("Aarav|Diya|Vihaan|Ananya|Arjun|Saanvi|अनिल:anil|प्रिया:priya|Rohan|Kavya"),
    last: list("Sharma|Iyer|Gupta|Nair|Reddy|Das|Banerjee|Mehta|Singh|Kulkarni"),
    streets: list("MG Road|Nehru Marg|Gandhi Street|Lake View Road"),
    numberFirst: true,
    cities: [
      ["Mumbai", "4000##"],
      ["Bengaluru", "5600##"],
      ["Kochi", "6820##"],
      ["Pune", "4110##"],
    ],
    phone: "+91 98### #####",
  },
];
