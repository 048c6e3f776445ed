import { handOver } from "../../shared/chunk";
import { ar } from "./ar";

handOver(ar);
