console.log('post of the first');
