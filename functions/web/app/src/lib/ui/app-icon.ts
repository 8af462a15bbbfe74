interface Badged {
  setAppBadge?: (count: number) => Promise<void>;
}

/** Has the icon of the installed app show how many foods wait for an answer: none where browsers have no such icon. */
export async function showOnIcon(waiting: number) {
  await (navigator as Badged).setAppBadge?.(waiting).catch(() => {});
}
