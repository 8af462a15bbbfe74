/** Leaves this device as if nobody had been here. */
import { outbox } from './outbox/outbox.svelte';
import { router } from './ui/router.svelte';
import { sheet } from './today/sheet.svelte';
import { toast } from './ui/toast.svelte';
import { today } from './today/today.svelte';

export async function clearDevice() {
  await outbox.wipe();
  await today.forget();
  sheet.clear();
  sessionStorage.clear();
  toast.close();
  router.go('/sign-in');
}
