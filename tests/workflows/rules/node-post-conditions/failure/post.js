console.log('failure');
