import { en as diary } from './diary.en';
import type { ko } from './more.ko';
import { en as settings } from './settings.en';

export const en: typeof ko = { ...diary, ...settings };
