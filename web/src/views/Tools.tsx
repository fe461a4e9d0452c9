import { Icon, type IconName } from "./Icon";
import type { MessageActs } from "./messageActs";

/** Tools is the bar over a message that one points at or has walked to. */
export function Tools({ seq, mine, acts }: { seq: number; mine: boolean; acts: MessageActs }) {
  const tool = (of: IconName, label: string, key: string, press: (beside: Element) => void) => (
    <button type="button" class="ghost square" aria-label={label} title={key === "" ? label : `${label} (${key})`} onClick={(event) => press(event.currentTarget)}>
      <Icon of={of} />
    </button>
  );
  return (
    <div class="over">
      <div class="tools" role="group" aria-label="Message">
        {tool("react", "React", "+", (beside) => acts.open("emoji", seq, beside))}
        {tool("reply", "Reply", "R", () => acts.reply(seq))}
        {mine && tool("edit", "Edit", "E", () => acts.edit(seq))}
        {tool("more", "More", "", (beside) => acts.open("more", seq, beside))}
      </div>
    </div>
  );
}
