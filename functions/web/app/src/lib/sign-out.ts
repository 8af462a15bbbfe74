/** Leaves this device as if nobody had been here. */
import { outbox } from './outbox/outbox.svelte';
import { router } from './ui/router.svelte';
import { drafts } from './drafts/drafts.svelte';
import { keys, write } from './ui/storage';
import { toast } from './ui/toast.svelte';
import { today } from './today/today.svelte';

/** Nobody is reminded here of what is another's: the push service then says that this browser is gone. */
async function unsubscribe() {
  const registration = await navigator.serviceWorker?.getRegistration();
  for (const shown of (await registration?.getNotifications?.()) ?? []) shown.close();
  await (await registration?.pushManager?.getSubscription())?.unsubscribe();
}

export async function clearDevice() {
  unsubscribe().catch(console.warn);
  await outbox.wipe();
  drafts.wipe();
  await today.forget();
  today.known = null;
  for (const key of keys('sessionStorage', '')) write('sessionStorage', key, null);
  toast.close();
  router.go('/sign-in');
}
