// See view.js.

import { WindowsView } from "./view.js";

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  // When data changes, this runs again without a clean-up: the view and its state live on the parent.
  const view = (parentElement.cnnlabWindows ??= new WindowsView(parentElement));
  const run = (view.run = {});
  view.update(data, setTriggerValue, setStateValue);
  return () => view.run === run && view.stop();
}
