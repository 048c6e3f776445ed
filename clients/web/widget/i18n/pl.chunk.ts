import { handOver } from "../../shared/chunk";
import { pl } from "./pl";

handOver(pl);
