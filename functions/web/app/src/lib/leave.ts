/** Leaves this device as if nobody had been here. */
import { router } from './router.svelte';
import { sheet } from './sheet.svelte';
import { toast } from './toast.svelte';
import { today } from './today.svelte';

export async function leave() {
  sheet.clear();
  sessionStorage.clear();
  toast.close();
  today.forget();
  router.go('/sign-in');
}
