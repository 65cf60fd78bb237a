import type { Role } from "@nova/pipeline-core/access";

interface RoleWords {
  readonly label: string;
  /** What the role is for, on the sign-in page. */
  readonly can: readonly string[];
}

export const ROLE_WORDS: Record<Role, RoleWords> = {
  analyst: {
    label: "Analyst",
    can: [
      "Find datasets and see how fresh and good they are",
      "Trace a column to where it comes from",
      "Query with personal columns masked",
    ],
  },
  "data-engineer": {
    label: "Data engineer",
    can: [
      "Watch sources, streams and their errors",
      "Read runs and their logs",
      "Look into quarantine and schema drift",
    ],
  },
  "privacy-officer": {
    label: "Privacy officer",
    can: ["See which columns are personal", "Read personal columns in the clear, audited", "Review quarantined rows"],
  },
  "data-owner": {
    label: "Data owner",
    can: [
      "Follow the freshness and checks of owned datasets",
      "Read owned personal columns in the clear",
      "Read run logs",
    ],
  },
  "platform-engineer": {
    label: "Platform engineer",
    can: ["Watch the health of the whole platform", "See everyone's queries and the audit", "Read run logs and errors"],
  },
};
