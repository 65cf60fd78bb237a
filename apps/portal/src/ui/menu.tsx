"use client";

import { Menu as Base } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactElement, ReactNode } from "react";

const ITEM =
  "flex min-h-7 items-center gap-2 rounded-md px-2 py-1 text-sm outline-none select-none data-disabled:opacity-50 data-highlighted:bg-hover [&_svg]:size-4 [&_svg]:text-fg-subtle";

/** A button that opens a list of actions. `trigger` is a button element. */
export function Menu({
  trigger,
  children,
  align = "end",
}: {
  readonly trigger: ReactElement;
  readonly children: ReactNode;
  readonly align?: "start" | "end";
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <MenuPopup align={align}>{children}</MenuPopup>
    </Base.Root>
  );
}

/** Ties the buttons of many rows to the one menu they open. One per component that draws such a menu. */
export const createRowMenu = Base.createHandle;
export type RowMenu<Row> = ReturnType<typeof createRowMenu<Row>>;

/** The menu that the rows of a table share: each row costs a button, not a menu. */
export function RowMenuRoot<Row>({
  menu,
  children,
}: {
  readonly menu: RowMenu<Row>;
  readonly children: (row: Row) => ReactNode;
}) {
  return (
    <Base.Root handle={menu}>
      {({ payload }) => (payload === undefined ? null : <MenuPopup align="end">{children(payload as Row)}</MenuPopup>)}
    </Base.Root>
  );
}

/** A row's button. `trigger` is a button element. */
export function RowMenuTrigger<Row>({
  menu,
  row,
  trigger,
}: {
  readonly menu: RowMenu<Row>;
  readonly row: Row;
  readonly trigger: ReactElement;
}) {
  return <Base.Trigger handle={menu} payload={row} render={trigger} />;
}

function MenuPopup({ align, children }: { readonly align: "start" | "end"; readonly children: ReactNode }) {
  return (
    <Base.Portal>
      <Base.Positioner align={align} sideOffset={6} className="z-60">
        <Base.Popup className="min-w-56 rounded-lg border border-line bg-raised p-1 shadow-float outline-none">
          {children}
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  );
}

export function MenuItem({ onClick, children }: { readonly onClick: () => void; readonly children: ReactNode }) {
  return (
    <Base.Item onClick={onClick} className={ITEM}>
      {children}
    </Base.Item>
  );
}

/** A menu item that is a link: it can be opened beside. `link` is an anchor. */
export function MenuLink({ link, children }: { readonly link: ReactElement; readonly children: ReactNode }) {
  return (
    <Base.LinkItem render={link} closeOnClick className={ITEM}>
      {children}
    </Base.LinkItem>
  );
}

export function MenuSeparator() {
  return <Base.Separator className="-mx-1 my-1 h-px bg-line" />;
}

interface MenuChoicesProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly { readonly value: Value; readonly label: string; readonly icon?: ReactElement }[];
  readonly onChange: (value: Value) => void;
}

/** One of several, inside a menu. */
export function MenuChoices<Value extends string>({ label, value, choices, onChange }: MenuChoicesProps<Value>) {
  return (
    <Base.Group>
      <Base.GroupLabel className="px-2 pt-1.5 pb-1 text-2xs font-medium text-fg-subtle">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next) => onChange(next as Value)}>
        {choices.map((choice) => (
          <Base.RadioItem key={choice.value} value={choice.value} closeOnClick className={ITEM}>
            {choice.icon}
            <span className="flex-1">{choice.label}</span>
            <Base.RadioItemIndicator>
              <Check aria-hidden />
            </Base.RadioItemIndicator>
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}
