// SQL of one line made readable: a clause a line, a sub-select deeper than what it is in.

const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\b(?:SELECT|FROM|WHERE|(?:LEFT JOIN|CROSS JOIN) LATERAL|LEFT JOIN|JOIN|ORDER BY|GROUP BY|LIMIT|OFFSET|FETCH FIRST|UNION ALL|RETURNING)\b|[()]|[^'"()\s]+|\s+/g;

export function indented(sql) {
  const tokens = sql.match(TOKEN);
  const selects = []; // of each open parenthesis: whether it holds a SELECT
  const level = () => selects.filter(Boolean).length;
  let text = "";
  const line = () => {
    text = `${text.trimEnd()}\n${"  ".repeat(level())}`;
  };
  tokens.forEach((token, index) => {
    if (token === "(") {
      text += token;
      selects.push(tokens[index + 1] === "SELECT");
    } else if (token === ")") {
      if (selects.pop()) line();
      text += token;
    } else {
      if (index > 0 && /^[A-Z]/.test(token) && (selects.at(-1) ?? true) && isClause(token)) line();
      text += /^\s+$/.test(token) && text.endsWith("\n") ? "" : token;
    }
  });
  return text;
}

function isClause(token) {
  return /^(SELECT|FROM|WHERE|LEFT JOIN|CROSS JOIN|JOIN|ORDER BY|GROUP BY|LIMIT|OFFSET|FETCH FIRST|UNION ALL|RETURNING)/.test(token);
}
