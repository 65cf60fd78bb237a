/** One way a service can be asked. `baseMs` is its usual duration. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly route: string;
  readonly baseMs: number;
  readonly message: string;
  /** Whether its events usually name an order. */
  readonly order: boolean;
}

export interface ShopService {
  readonly name: string;
  /** Its part of all traffic, in per cent. */
  readonly share: number;
  readonly version: string;
  readonly pods: number;
  readonly routes: readonly Route[];
  /** What it fails with: type and first line of the stack. */
  readonly errors: readonly { readonly type: string; readonly message: string; readonly at: string }[];
}

const get = (route: string, baseMs: number, message: string, order = false): Route => ({
  method: "GET",
  route,
  baseMs,
  message,
  order,
});
const post = (route: string, baseMs: number, message: string, order = false): Route => ({
  method: "POST",
  route,
  baseMs,
  message,
  order,
});

/** NovaRetail's services on Kubernetes. Shares add up to 100. */
export const SHOP_SERVICES: readonly ShopService[] = [
  {
    name: "web",
    share: 32,
    version: "5.12.3",
    pods: 6,
    routes: [
      get("/", 24, "page rendered"),
      get("/c/{category}", 31, "page rendered"),
      get("/p/{sku}", 28, "page rendered"),
      get("/account", 36, "page rendered"),
    ],
    errors: [
      {
        type: "TemplateError",
        message: 'block "recommendations" could not be rendered',
        at: "renderBlock (/srv/web/dist/render.js:214:11)",
      },
    ],
  },
  {
    name: "search",
    share: 18,
    version: "2.40.0",
    pods: 4,
    routes: [
      get("/search", 42, "search answered"),
      get("/suggest", 9, "suggestions answered"),
      post("/index/products", 120, "products indexed"),
    ],
    errors: [
      {
        type: "ShardTimeout",
        message: "shard products-3 gave no answer within 500 ms",
        at: "com.novaretail.search.ShardClient.query(ShardClient.java:188)",
      },
    ],
  },
  {
    name: "catalog",
    share: 16,
    version: "3.7.1",
    pods: 4,
    routes: [
      get("/products/{sku}", 11, "product served"),
      get("/categories/{id}", 14, "category served"),
      get("/prices", 8, "prices served"),
    ],
    errors: [
      {
        type: "CacheMissStorm",
        message: "price cache is cold, 40 lookups waited",
        at: "price_cache.get (price_cache.py:77)",
      },
    ],
  },
  {
    name: "cart",
    share: 12,
    version: "1.88.4",
    pods: 3,
    routes: [
      get("/cart", 10, "cart read"),
      post("/cart/items", 17, "item added to cart"),
      { method: "DELETE", route: "/cart/items/{id}", baseMs: 13, message: "item removed from cart", order: false },
    ],
    errors: [
      {
        type: "OptimisticLockError",
        message: "cart was changed by another request",
        at: "CartRepository.save (cart-repository.ts:61:13)",
      },
    ],
  },
  {
    name: "checkout",
    share: 8,
    version: "4.2.0",
    pods: 3,
    routes: [
      post("/checkout", 180, "order placed", true),
      post("/checkout/quote", 64, "shipping quoted"),
      get("/checkout/{order}", 22, "order confirmation shown", true),
    ],
    errors: [
      {
        type: "InventoryReservationError",
        message: "stock could not be reserved in time",
        at: "reserveStock (/srv/checkout/reserve-stock.js:93:9)",
      },
    ],
  },
  {
    name: "payments",
    share: 6,
    version: "2.9.7",
    pods: 3,
    routes: [
      post("/payments", 240, "payment captured", true),
      post("/payments/{id}/refund", 210, "payment refunded", true),
      post("/webhooks/provider", 12, "provider notice taken"),
    ],
    errors: [
      {
        type: "ProviderUnavailable",
        message: "payment provider answered 503",
        at: "payments.provider.Capture (capture.go:142)",
      },
    ],
  },
  {
    name: "shipping",
    share: 5,
    version: "1.31.2",
    pods: 2,
    routes: [
      post("/labels", 95, "label printed", true),
      { method: "PUT", route: "/shipments/{id}/status", baseMs: 18, message: "shipment status changed", order: true },
    ],
    errors: [
      {
        type: "CarrierTimeout",
        message: "carrier did not answer within 5 s",
        at: "CarrierClient.label (carrier_client.rb:48)",
      },
    ],
  },
  {
    name: "accounts",
    share: 3,
    version: "6.0.5",
    pods: 2,
    routes: [
      post("/sign-in", 75, "customer signed in"),
      post("/sign-up", 110, "customer signed up"),
      get("/me", 8, "profile read"),
    ],
    errors: [
      {
        type: "TokenStoreError",
        message: "session could not be written",
        at: "com.novaretail.accounts.TokenStore.put(TokenStore.kt:55)",
      },
    ],
  },
];
