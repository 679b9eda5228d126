'use strict';
// What scripts know as @actions/io: copying, moving, removing, finding programs.

const fs = require('fs');
const path = require('path');

const exists = (file) => fs.promises.stat(file).then(() => true, () => false);

async function mkdirP(folder) {
  if (!folder) throw new Error('a path argument must be provided');
  await fs.promises.mkdir(folder, { recursive: true });
}

async function rmRF(file) {
  await fs.promises.rm(file, { force: true, recursive: true, maxRetries: 3, retryDelay: 300 });
}

// Into the destination when that is a folder, unless told otherwise.
async function target(source, destination, options, isFolder) {
  const { copySourceDirectory = true } = options;
  const found = await fs.promises.stat(destination).catch(() => null);
  if (found && found.isDirectory() && (copySourceDirectory || !isFolder)) return path.join(destination, path.basename(source));
  return destination;
}

async function cp(source, destination, options = {}) {
  const { force = true, recursive = false } = options;
  if (!(await exists(source))) throw new Error(`no such file or directory: ${source}`);
  const isFolder = (await fs.promises.stat(source)).isDirectory();
  if (isFolder && !recursive) throw new Error(`Failed to copy. ${source} is a directory, but tried to copy without recursive flag.`);
  const to = await target(source, destination, options, isFolder);
  if (!isFolder && path.relative(source, to) === '') throw new Error(`'${to}' and '${source}' are the same file`);
  await fs.promises.cp(source, to, { recursive, force, verbatimSymlinks: true });
}

async function mv(source, destination, options = {}) {
  const to = await target(source, destination, {}, false);
  if (await exists(to)) {
    if (options.force === false) throw new Error('Destination already exists');
    await rmRF(to);
  }
  await mkdirP(path.dirname(to));
  await fs.promises.rename(source, to).catch(async (error) => {
    if (error.code !== 'EXDEV') throw error;
    await cp(source, to, { recursive: true });
    await rmRF(source);
  });
}

async function isProgram(file) {
  try {
    if (!(await fs.promises.stat(file)).isFile()) return false;
    await fs.promises.access(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function findInPath(tool) {
  if (!tool) throw new Error("parameter 'tool' is required");
  if (path.isAbsolute(tool)) return (await isProgram(tool)) ? [tool] : [];
  if (tool.includes(path.sep)) return [];
  const found = [];
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    const file = path.join(folder, tool);
    if (folder && (await isProgram(file))) found.push(file);
  }
  return found;
}

async function which(tool, check) {
  const [first = ''] = await findInPath(tool);
  if (check && !first) {
    throw new Error(
      `Unable to locate executable file: ${tool}. Please verify either the file path exists or the file can be found within a ` +
        'directory specified by the PATH environment variable. Also check the file mode to verify the file is executable.'
    );
  }
  return first;
}

module.exports = { cp, mv, rmRF, mkdirP, which, findInPath };
