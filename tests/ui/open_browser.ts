/** The browser that pages are tried in. */
export { browserMissing, withPage } from "../../tools/browser/open_browser.ts";
