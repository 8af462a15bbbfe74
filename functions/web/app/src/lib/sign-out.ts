/** Leaves this device as if nobody had been here. */
import { outbox } from './outbox.svelte';
import { router } from './router.svelte';
import { sheet } from './sheet.svelte';
import { toast } from './toast.svelte';
import { today } from './today.svelte';

export async function leave() {
  await outbox.wipe();
  await today.forget();
  sheet.clear();
  sessionStorage.clear();
  toast.close();
  router.go('/sign-in');
}
