console.log('::error::it went wrong');
process.exitCode = 1;
