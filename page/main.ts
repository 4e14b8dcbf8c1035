import { html, nothing, render, type TemplateResult } from "lit-html";
import type { StoreView } from "../src/ui/contract.ts";
import { messageOf } from "../src/text/message.ts";
import { ask } from "./api.ts";
import { visible } from "./format.ts";
import { currentRoute, linkTo, type Route } from "./route.ts";
import { startTheme, themeChoice } from "./theme.ts";
import type { View } from "./view.ts";
import { AllConsumersView } from "./views/all_consumers.ts";
import { HealthView } from "./views/health.ts";
import { NowhereView } from "./views/nowhere.ts";
import { TopicView } from "./views/topic.ts";
import { TopicsView } from "./views/topics.ts";

const app = document.getElementById("app")!;
let view: View | undefined;
/** Until the server answers, nothing is known about the store. */
let store: StoreView = {
  driver: "",
  place: "",
  version: "",
  hasFiles: false,
  hasDoctor: false,
  words: ["…"],
  topicOptions: [],
};
let storeFault: string | undefined;
let drawPending = false;

/** Draws the page in the next frame, once, however much has changed. */
function draw(): void {
  if (drawPending) return;
  drawPending = true;
  requestAnimationFrame(() => {
    drawPending = false;
    render(frame(), app);
    document.title = view === undefined ? "Diaspora Stream" : `${view.title} – Diaspora Stream`;
  });
}

function frame(): TemplateResult {
  return html`
    <a class="skip" href="#main" @click=${skip}>Skip to the content</a>
    <header>
          <a class="brand" href=${linkTo(
            [],
          )}><img src="/icon.svg" alt="" width="24" height="24">Diaspora Stream</a>
          ${navigation()}
          <span class="place"><bdi>${visible(store.place)}</bdi></span>
          ${themeChoice(draw)}
        </header>
    <main id="main" tabindex="-1">
          ${storeFault === undefined ? nothing : html`<p class="fault" role="alert">${storeFault}</p>`}
          ${view?.render() ?? nothing}
        </main>
    <footer class="muted">${store.driver === ""
      ? nothing
      : `${store.driver} driver, diaspora-ctl ${store.version}, read-only`}</footer>
  `;
}

function skip(event: Event): void {
  // The part of the address after the # is the route.
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** The views of the page other than single topics. */
const PARTS: readonly { path: readonly string[]; label: string; needsDoctor?: true }[] = [
  { path: [], label: "Topics" },
  { path: ["consumers"], label: "Consumers" },
  { path: ["health"], label: "Health", needsDoctor: true },
];

function viewOf(route: Route): View {
  if (route.path[0] === "topics" && route.path[1] !== undefined) return new TopicView(route, store);
  if (route.path[0] === "consumers") return new AllConsumersView(route, store);
  if (route.path[0] === "health") return new HealthView(store);
  if (route.path.length > 0 && route.path.join() !== "topics") return new NowhereView(route);
  return new TopicsView(route, store);
}

function navigation(): TemplateResult {
  const [part] = currentRoute().path;
  const isShown = (path: readonly string[]): boolean => path[0] === (part === "topics" ? undefined : part);
  return html`<nav class="parts" aria-label="Parts of the page">${
    PARTS.filter(({ needsDoctor }) => store.hasDoctor || !needsDoctor).map(({ path, label }) =>
      html`<a href=${linkTo(path)} aria-current=${isShown(path) ? "page" : nothing}>${label}</a>`
    )
  }</nav>`;
}

function show(isFirst: boolean): void {
  const route = currentRoute();
  if (view instanceof TopicView && view.take(route)) return draw();
  view?.stop();
  view = viewOf(route);
  view.onChange = draw;
  view.start();
  draw();
  // Tells users of screen readers that the view has changed.
  if (!isFirst) requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
}

startTheme();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
addEventListener("hashchange", () => show(false));
try {
  store = await ask<StoreView>("/api/store", new AbortController().signal);
} catch (error) {
  storeFault = messageOf(error);
}
show(true);
