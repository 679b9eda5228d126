console.log(process.env.INPUT_WORD, process.env.INPUT_OTHER, process.env.INPUT_THIRD);
