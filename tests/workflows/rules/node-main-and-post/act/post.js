console.log(`post ${process.env.INPUT_WORD} ${process.env.STATE_kept} ${process.env.STATE_said}`);
