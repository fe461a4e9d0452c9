/** What one reacts with most, one step away. */
export const often = ["👍", "❤️", "😂", "🎉", "😮", "🙏"] as const;

/** A small choice, by mood. What is not here can be typed. */
export const choice = [
  "👍", "👎", "👏", "🙌", "🙏", "💪", "👀", "👋",
  "❤️", "💚", "💙", "💛", "🧡", "💜", "🔥", "✨",
  "😀", "😂", "😅", "😊", "😍", "🤔", "😮", "😢",
  "🎉", "🎂", "☕", "🍕", "🌱", "☀️", "🌧️", "🚲",
  "✅", "❌", "❓", "❗", "💡", "🚀", "🐛", "⏰",
] as const;
