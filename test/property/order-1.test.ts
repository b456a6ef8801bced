import { orderProperty } from './order.ts';

orderProperty(0, 2);
