import type { User } from "../client/types";

/** Typing says who is writing something. Its line is always there, so that nothing moves. */
export function Typing({ users }: { users: readonly User[] }) {
  return (
    <p class="typing">
      {users.length > 0 && (
        <>
          <bdi>{who(users)}</bdi> {users.length === 1 ? "is" : "are"} typing…
        </>
      )}
    </p>
  );
}

function who(users: readonly User[]): string {
  const [first, second, third] = users.map((user) => user.name);
  if (second === undefined) return first ?? "";
  if (third === undefined) return `${first} and ${second}`;
  return users.length === 3 ? `${first}, ${second} and ${third}` : `${first}, ${second} and ${users.length - 2} others`;
}
