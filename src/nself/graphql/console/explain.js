// A panel of GraphiQL: the SQL of the operation in the editor, and PostgreSQL's plan for it.

import { explain } from "./api.js";
import { indented } from "./indented.js";
import { nameAt } from "./operations.js";

const { createElement: h, useState } = React;

export const explainPlugin = { title: "Explain", icon: Icon, content: Panel };

function Icon() {
  const bars = [[1, 1, 8], [4, 6, 8], [7, 11, 6]].map(([x, y, width]) =>
    h("rect", { key: y, x, y, width, height: 2.5, rx: 1, fill: "none", stroke: "currentColor" }));
  return h("svg", { height: "1em", viewBox: "0 0 14 15", "aria-hidden": true }, ...bars);
}

function Panel() {
  const { queryEditor, variableEditor } = GraphiQL.React.useEditorContext({ nonNull: true });
  const [state, setState] = useState({});
  const run = async () => {
    setState({ busy: true });
    setState(await asked(queryEditor, variableEditor).catch((error) => ({ error: error.message })));
  };
  return h("div", { className: "explain" },
    h("h2", { className: "graphiql-doc-explorer-title" }, "Explain"),
    h("p", null, "The SQL of the operation in the editor and PostgreSQL's plan, for the role and the session variables ",
      "in the bar. Nothing is run."),
    h("button", { type: "button", onClick: run, disabled: state.busy }, state.busy ? "Asking…" : "Explain"),
    state.error && h("p", { className: "error", role: "alert" }, state.error),
    ...(state.fields || []).map((field, index) => h(Field, { key: index, ...field })),
    state.variables && h(Variables, state.variables));
}

async function asked(editor, variableEditor) {
  const query = editor.getValue();
  const variables = variableEditor.getValue().trim();
  const operationName = nameAt(query, editor.indexFromPos(editor.getCursor()));
  return explain({ query, variables: variables ? JSON.parse(variables) : null, operationName });
}

function Field({ field, sql, plan }) {
  return h("section", null,
    field && h("h3", null, field),
    sql ? [h("h4", { key: 1 }, "SQL"), h("pre", { key: 2 }, indented(sql))]
      : h("p", null, "No SQL: this is not answered by the database."),
    plan && [h("h4", { key: 3 }, "Plan"), h("pre", { key: 4 }, plan.join("\n"))]);
}

function Variables({ session, query, synthetic, cursor }) {
  const shown = { session, query, literals: synthetic, cursor };
  return h("section", null, h("h4", null, "Values"), h("pre", null, JSON.stringify(shown, null, 2)));
}
