// What a page has that only a name could have put there, as sentences; `links` are what its addresses may begin with.
links => {
  const findings = [];
  if (window.xss !== undefined) findings.push('a name has run as a script');
  const scripts = document.querySelectorAll('script').length;
  if (scripts !== 1) findings.push(`there are ${scripts} scripts`);
  const strange = ['img', 'image', 'iframe', 'object', 'embed', 'form', 'base', 'video', 'audio', 'foreignObject', 'animate', 'set', 'use', 'b[onclick]', 'meta[http-equiv=refresh]'];
  for (const element of document.querySelectorAll(strange.join(','))) findings.push(`there is a <${element.localName}>`);
  const ids = new Set();
  for (const element of document.querySelectorAll('*')) {
    for (const attribute of element.attributes) {
      const name = attribute.name.toLowerCase();
      if (name.startsWith('on') || name === 'style' || name === 'srcdoc' || name === 'src') findings.push(`<${element.localName}> has the attribute ${name}`);
      if ((name === 'href' || name === 'xlink:href') && !links.some(link => attribute.value.startsWith(link))) findings.push(`<${element.localName}> leads to ${attribute.value}`);
    }
    if (element.id && ids.has(element.id)) findings.push(`two elements have the id “${element.id}”`);
    if (element.id) ids.add(element.id);
  }
  return findings;
}
