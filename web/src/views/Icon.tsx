const paths = {
  rooms: "M3 5h14M3 10h14M3 15h14",
  people: "M7.5 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 17c0-3 2.5-5 5.5-5s5.5 2 5.5 5M13 3.3a3 3 0 0 1 0 5.4M15 12.4c1.9.7 3 2.4 3 4.6",
  link: "M8.5 11.5a3.5 3.5 0 0 0 5 0l3-3a3.5 3.5 0 0 0-5-5l-1 1M11.5 8.5a3.5 3.5 0 0 0-5 0l-3 3a3.5 3.5 0 0 0 5 5l1-1",
  send: "M3 10 17 3l-4 14-3.5-5.5zM17 3 9.5 11.5",
  close: "M5 5l10 10M15 5 5 15",
  leave: "M8 3H4v14h4M12 6l4 4-4 4M16 10H8",
  down: "M10 4v12M5 11l5 5 5-5",
} as const;

/** Icon is decoration beside a label, or inside a button that has one. */
export function Icon({ of }: { of: keyof typeof paths }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[of]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M7 3h18a5 5 0 0 1 5 5v11a5 5 0 0 1-5 5H15l-7 6v-6H7a5 5 0 0 1-5-5V8a5 5 0 0 1 5-5z" />
      <path class="mark-lines" d="M9 10.5h14M9 16.5h9" />
    </svg>
  );
}
