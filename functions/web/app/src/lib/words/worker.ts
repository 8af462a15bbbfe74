/** What the service worker says by itself. No page imports this, so that the worker stays one file. */
import type { Locale } from '../api/types';

export const unstored: Record<Locale, string> = {
  ko: '연결이 없고 이 기기에도 남겨 둘 수 없어서, 저장하지 못했어요. 나중에 다시 눌러 주세요.',
  en: 'It is not stored: there is no connection, and this device could not keep it. Please tap again later.',
};
