/** Where the configuration of the local installation lies, as parameters. */
export const CONFIG_PATH = '/fairlead/local';
