import { orderProperty } from './order.ts';

orderProperty(1, 2);
