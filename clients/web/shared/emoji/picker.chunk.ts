import { handOver } from "../chunk";
import { emojiPicker } from "./picker";

handOver(emojiPicker);
