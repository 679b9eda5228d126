'use strict';
// What scripts know as `context` of @actions/github: the run and its event, from the environment.

const fs = require('fs');

class Context {
  constructor() {
    const env = process.env;
    this.payload = {};
    if (env.GITHUB_EVENT_PATH && fs.existsSync(env.GITHUB_EVENT_PATH)) {
      this.payload = JSON.parse(fs.readFileSync(env.GITHUB_EVENT_PATH, { encoding: 'utf8' }));
    }
    this.eventName = env.GITHUB_EVENT_NAME;
    this.sha = env.GITHUB_SHA;
    this.ref = env.GITHUB_REF;
    this.workflow = env.GITHUB_WORKFLOW;
    this.action = env.GITHUB_ACTION;
    this.actor = env.GITHUB_ACTOR;
    this.job = env.GITHUB_JOB;
    this.runAttempt = parseInt(env.GITHUB_RUN_ATTEMPT, 10);
    this.runNumber = parseInt(env.GITHUB_RUN_NUMBER, 10);
    this.runId = parseInt(env.GITHUB_RUN_ID, 10);
    this.apiUrl = env.GITHUB_API_URL || 'https://api.github.com';
    this.serverUrl = env.GITHUB_SERVER_URL || 'https://github.com';
    this.graphqlUrl = env.GITHUB_GRAPHQL_URL || 'https://api.github.com/graphql';
  }
  get issue() {
    const { payload } = this;
    return { ...this.repo, number: (payload.issue || payload.pull_request || payload).number };
  }
  get repo() {
    if (process.env.GITHUB_REPOSITORY) {
      const [owner, repo] = process.env.GITHUB_REPOSITORY.split('/');
      return { owner, repo };
    }
    if (this.payload.repository) return { owner: this.payload.repository.owner.login, repo: this.payload.repository.name };
    throw new Error("context.repo requires a GITHUB_REPOSITORY environment variable like 'owner/repo'");
  }
}

module.exports = new Context();
