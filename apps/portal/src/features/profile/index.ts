export { leave, ProfileMenu, THEME_CHOICES } from "./components/profile-menu.tsx";
export { type Profile, ProfileProvider, useMay, useProfile } from "./profile-context.tsx";
export { ROLE_WORDS } from "./role-words.ts";
