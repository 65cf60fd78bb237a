const words = (text: string): readonly string[] => text.split("|");

const STAFF = words("k.lange|p.novak|m.roux|s.dahl|i.horvat|a.byrne|price-service|returns-desk");

/** What stands in text columns of side tables, by `table.column` or, for all tables, by column. */
export const VOCABULARY: Readonly<Record<string, readonly string[]>> = {
  actor: STAFF,
  author: STAFF,
  changed_by: STAFF,
  picker: STAFF,
  action: words("create|update|delete|export"),
  entity: words("products|orders|customers|promotions|price_lists"),
  job_name: words("nightly-export|stock-sync|price-import|report-mailer|newsletter-queue"),
  size: words("XS|S|M|L|XL|XXL|One size"),
  colour: words("black|white|navy|olive|grün|rouge|藍|sand"),
  season: words("spring|summer|autumn|winter"),
  place: words("Leipzig|Lyon|Poznań|Örebro|大阪|Columbus"),
  firmware: words("2.4.1|2.4.3|2.5.0|3.0.0-rc1"),
  decline_code: words("insufficient_funds|expired_card|do_not_honor|suspected_fraud"),
  signals: words("new device|address mismatch|many tries|high amount|proxy"),
  skills: words("returns|payments|English|Deutsch|français|español|products"),
  keywords: words("returns|delivery|payment|size|warranty|account|gift card"),
  licence_classes: words("B|BE|C1|C1E|C"),
  role: words("till|shelves|stock room|advice|opening|closing"),
  term: words(
    "winter jacket|rain boots|coffee mug|desk lamp|yoga mat|tent 2 persons|キャンプ|weihnachtsgeschenk|cadeau noël|abrigo|wireless headphones|wool scarf|chef knife",
  ),
  alt_text: words("Front view|Side view|Detail of the seam|In use|Packaging"),
  lot_number: words("L2608A|L2608B|L2609A|L2610C|L2611A"),
  "public.customer_segments.name": words(
    "Big spenders|Newcomers|Gone quiet|Parents|Runners|Home cooks|Bargain hunters|Gift givers|Campers|Newsletter readers|Store only|App only",
  ),
  "public.wishlists.name": words("My list|Birthday|Christmas|Flat|Travel|Später|Cadeaux"),
  "public.collections.name": words(
    "Cosy evenings|Back to the office|First snow|City rain|Slow breakfast|Long weekend|Under the tree|Made to last",
  ),
  "public.product_bundles.name": words(
    "Breakfast for two|Camp kitchen|Starter set|Home office|Winter walk|Spa evening",
  ),
  "public.suppliers.name": words(
    "Alpen Textil GmbH|Maison Verre SARL|Porto Calçado Lda|Nordic Down AB|Sakura Ceramics 株式会社|Kraków Leather sp. z o.o.|Hanoi Garments Co.|Anatolia Cotton A.Ş.|Birmingham Steel Ltd|Oaxaca Weavers|Shenzhen Audio Ltd|Jaipur Prints Pvt",
  ),
  "public.loyalty_rewards.name": words(
    "5 € voucher|Free shipping for a month|Cinema ticket|Tote bag|Coffee for two|Tree planted",
  ),
  "public.loyalty_partners.name": words("FastFuel|Kino Star|GreenTaxi|Hotel Nord|PaperPost"),
  "public.affiliates.name": words("Dealbird|Blog du style|CampFinder|ScoutTest|Mamas Welt|PriceOwl"),
  "public.email_templates.name": words(
    "order-confirmation|shipping-notice|newsletter-a|newsletter-b|win-back|birthday|review-request",
  ),
  "public.email_templates.subject": words(
    "Your order is on its way|Thank you for your order|Only until Sunday|We miss you|Happy birthday!|How did you like it?",
  ),
  "public.support_tickets.subject": words(
    "Where is my parcel?|Refund not received|Wrong size delivered|Cannot sign in|Invoice for my company|Mug arrived broken|Frage zur Garantie|Changer mon adresse|Gift card does not work",
  ),
  "public.knowledge_articles.title": words(
    "How to return something|When will my parcel arrive?|Paying in instalments|Finding your size|Changing your e-mail address|Gift cards|Warranty and repairs|Deleting your account",
  ),
  "public.carrier_services.name": words("Standard|Express|Next day|Parcel shop|Two-man delivery"),
  "public.fixed_assets.name": words("Shelving|Conveyor belt|Till|Delivery van|Cold room|Fork lift|Server rack"),
  "hr.trainings.name": words(
    "Fire safety|Data protection|Till training|First aid|Lifting and carrying|Leading a team|Customer talk",
  ),
  "public.product_documents.title": words(
    "Manual|Declaration of conformity|Care instructions|Test report|Guarantee card",
  ),
};

/** From and below, for number columns of side tables; the first pattern that fits `table.column` counts. */
export const RANGES: readonly (readonly [column: RegExp, from: number, below: number])[] = [
  [/(line_no|attempt_no|stop_no|version|position|days|lead_days|wanted|pallets)$/, 1, 10],
  [/(cart_lines|quote_lines|pick_list_lines|stock_reservations)\.quantity$/, 1, 6],
  [/satisfaction_surveys\.score$/, 1, 11],
  [/(rating|priority)$/, 1, 6],
  [/fiscal_year$/, 2024, 2028],
  [/web_sessions\.pages$/, 1, 30],
  [/useful_years$/, 3, 11],
  [/weekly_hours$/, 10, 41],
  [/(monthly_salary|payslips\.gross)$/, 1800, 6200],
  [/deductions$/, 300, 1700],
  [/(revenue_target|budgets\.amount)$/, 20_000, 400_000],
  [/sales_targets\.target$/, 1_000_000, 9_000_000],
  [/settlement_batches\.gross$/, 5_000, 90_000],
  [/settlement_batches\.fees$/, 50, 1_500],
  [/cash_counts\.(counted|expected)$/, 700, 760],
  [/(surcharge|carrier_rates\.price)$/, 3, 20],
  [/commission$/, 2, 15],
  [/margin_target$/, 20, 60],
  [/payload_kg$/, 600, 1500],
  [/odometer_km$/, 5_000, 180_000],
  [/distance_km$/, 20, 240],
  [/parcels_per_hour$/, 20, 70],
  [/volume_litres$/, 20, 900],
  [/weight_grams$/, 50, 6_000],
  [/(multiplier|points_per_euro|safety_factor)$/, 1, 4],
  [/reading$/, -25, 30],
  [/impressions$/, 1_000, 90_000],
  [/up_to_grams$/, 500, 30_000],
  [/trainings\.hours$/, 1, 16],
  [/no_results$/, 0, 20],
];
