/** The browser that pages are tested in. */
export { browserMissing, withPage } from "../../tools/browser/open_browser.ts";
