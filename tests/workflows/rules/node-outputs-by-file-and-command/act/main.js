console.log('::set-output name=two::2');
require('fs').appendFileSync(process.env.GITHUB_OUTPUT, 'one=1\n');
