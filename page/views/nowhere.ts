import { html, type TemplateResult } from "lit-html";
import { visible } from "../format.ts";
import { linkTo, type Route } from "../route.ts";
import { View } from "../view.ts";

/** For an address that names no view. */
export class NowhereView extends View {
  constructor(private readonly route: Route) {
    super();
  }

  override get title(): string {
    return "Not found";
  }

  override render(): TemplateResult {
    return html`
      <h1>Not found</h1>
      <p>There is nothing at “<bdi>${visible(this.route.path.join("/"))}</bdi>”. <a href=${linkTo(
        [],
      )}>Show the topics</a></p>
    `;
  }
}
