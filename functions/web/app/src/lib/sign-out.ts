/** Leaves this device as if nobody had been here. */
import { outbox } from './outbox/outbox.svelte';
import { router } from './ui/router.svelte';
import { drafts } from './drafts/drafts.svelte';
import { keys, write } from './ui/storage';
import { toast } from './ui/toast.svelte';
import { today } from './today/today.svelte';

export async function clearDevice() {
  await outbox.wipe();
  drafts.wipe();
  await today.forget();
  today.known = null;
  for (const key of keys('sessionStorage', '')) write('sessionStorage', key, null);
  toast.close();
  router.go('/sign-in');
}
