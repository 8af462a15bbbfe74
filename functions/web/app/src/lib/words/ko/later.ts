import { ko as diary } from './diary.ko';
import { ko as settings } from './settings.ko';

export const ko = { ...diary, ...settings };
