console.log(process.env.ACTIONS_CACHE_MODE);
