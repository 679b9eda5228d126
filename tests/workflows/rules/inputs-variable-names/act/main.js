for (const name of Object.keys(process.env).sort()) {
  if (name.startsWith('INPUT_')) console.log(`${name}=[${process.env[name]}]`);
}
