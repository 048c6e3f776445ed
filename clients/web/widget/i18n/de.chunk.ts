import { handOver } from "../../shared/chunk";
import { de } from "./de";

handOver(de);
