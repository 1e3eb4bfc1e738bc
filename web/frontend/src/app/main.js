// All behaviour of ordinary pages. Each module adds to what already works as plain links and forms.
import "htmx.org";
import { startConfirm } from "./confirm.js";
import { startErrors } from "./errors.js";
import { startFilters } from "./filters.js";
import { startGuard } from "./guard.js";
import { startKeys } from "./keys.js";
import { startLines } from "./lines.js";
import { startRequests } from "./requests.js";
import { startTheme } from "./theme.js";
import { startToasts } from "./toast.js";

startToasts();
startRequests();
startTheme();
startConfirm(); // before the guard: a question that is answered no must not count as sent
startGuard();
startErrors();
startLines();
startFilters();
startKeys();
